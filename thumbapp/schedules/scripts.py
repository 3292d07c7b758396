"""The steps that happen whole or not at all, as Lua; nothing newer than Redis 5.0.

Keys of a schedule are its record (a hash), its open slots (a hash: task id to JSON) and its history
(a stream); shared are the due times (a zset), the names (a hash), the alerts (a hash) and the set of
those with a slot that waits. Redis Cluster is not supported: the keys are on several nodes there.

Times are milliseconds of the server's clock. A flat table in and out of Lua, JSON only for open slots.
"""

HISTORY_KEPT = 500
MOST_OPEN = 1_000
# From so many open slots on it is looked, at each fire, whether their tasks are there.
LOOKED_AFTER = 20

# note: adds a final slot to the history. is_busy: whether a slot has not ended; one whose message is
# neither waiting nor in any worker's hands was lost (somebody emptied the queue) and does not count.
_SHARED = f"""
local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function note(history, slot)
  redis.call('XADD', history, 'MAXLEN', '~', {HISTORY_KEPT}, '*',
    'due', slot.due or '', 'outcome', slot.outcome, 'fired', slot.fired or '', 'late', slot.late or '',
    'reason', slot.reason or '', 'began', slot.began or '', 'took', slot.took or '',
    'worker', slot.worker or '', 'attempts', slot.attempts or '', 'task', slot.task or '',
    'manual', slot.manual or '', 'slots', slot.slots or '')
end
local function is_busy(open, history, may_wait)
  local busy = false
  local all = redis.call('HGETALL', open)
  for at = 1, #all, 2 do
    local slot = cjson.decode(all[at + 1])
    if (slot.outcome == 'queued' or slot.outcome == 'running') and slot.entry
        and #redis.call('XRANGE', slot.stream, slot.entry, slot.entry) == 0 then
      redis.call('HDEL', open, all[at])
      slot.task, slot.outcome, slot.reason = all[at], 'lost', 'Its task was removed from the queue.'
      note(history, slot)
    elseif slot.outcome ~= 'waiting' or not may_wait then
      busy = true
    end
  end
  return busy
end
-- Takes back what has not begun; returns how many of them counted as runs of the schedule.
local function take_back(open, history, reason)
  local counted = 0
  local all = redis.call('HGETALL', open)
  for at = 1, #all, 2 do
    local slot = cjson.decode(all[at + 1])
    if slot.outcome ~= 'running' then
      redis.call('HDEL', open, all[at])
      if not slot.manual and not slot.began then counted = counted + 1 end
      slot.task, slot.outcome, slot.reason = all[at], 'cancelled', reason
      note(history, slot)
    end
  end
  return counted
end
"""

# Saves a schedule.
#
# KEYS  record, open, history, due, names, alerts
# ARGV  1 id, 2 version it was read at ("": it is new), 3 slot it was read with, 4 key of the name,
#       5 next slot, 6 when that is fired ("": never), 7 why an overdue slot of before does not run,
#       8 why what has not begun is taken back ("": it is not), 9 channel, then fields and values
# Answers {"saved", version}, {"stale", version, who}, {"gone"}, {"taken"} or {"moved"}: it was fired
# meanwhile, so the next slot has to be worked out again.
SAVE = (
    _SHARED
    + """
local record, open, history, due, names, alerts = unpack(KEYS)
local id, version, slot = ARGV[1], ARGV[2], ARGV[3]
local is = redis.call('HMGET', record, 'version', 'slot', 'key', 'by', 'fires')
if version == '' then
  if is[1] then return {'moved'} end
else
  if not is[1] then return {'gone'} end
  if is[1] ~= version then return {'stale', is[1], is[4]} end
  if is[2] ~= slot then return {'moved'} end
end
local holder = redis.call('HGET', names, ARGV[4])
if holder and holder ~= id then return {'taken'} end
if is[3] then redis.call('HDEL', names, is[3]) end
redis.call('HSET', names, ARGV[4], id)
for at = 10, #ARGV, 2 do redis.call('HSET', record, ARGV[at], ARGV[at + 1]) end
redis.call('HSET', record, 'key', ARGV[4])
redis.call('HSET', record, 'slot', ARGV[5])
if is[2] and is[2] ~= '' and is[2] ~= ARGV[5] and tonumber(is[2]) <= now_ms() then
  note(history, {due = is[2], outcome = 'misfired', reason = ARGV[7]})
end
if ARGV[8] ~= '' then
  local counted = take_back(open, history, ARGV[8])
  if counted > 0 then redis.call('HINCRBY', record, 'fires', -counted) end
end
if ARGV[6] == '' then redis.call('ZREM', due, id) else redis.call('ZADD', due, ARGV[6], id) end
redis.call('HDEL', alerts, id)
local saved = redis.call('HINCRBY', record, 'version', 1)
redis.call('PUBLISH', ARGV[9], id)
return {'saved', tostring(saved)}
"""
)

# Removes a schedule and all that is kept of it.
#
# KEYS  record, open, history, due, names, alerts, waiting
# ARGV  id, version it must have ("": any)
# Answers {"removed"}, {"gone"} or {"stale", version, who}.
REMOVE = """
local is = redis.call('HMGET', KEYS[1], 'version', 'key', 'by')
if not is[1] then return {'gone'} end
if ARGV[2] ~= '' and ARGV[2] ~= is[1] then return {'stale', is[1], is[3]} end
redis.call('HDEL', KEYS[5], is[2])
redis.call('ZREM', KEYS[4], ARGV[1])
redis.call('HDEL', KEYS[6], ARGV[1])
redis.call('SREM', KEYS[7], ARGV[1])
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
return {'removed'}
"""

# Says what is due.
#
# KEYS  due, waiting
# ARGV  prefix of a record's key, most to name
# Answers the server's clock, the next due time after it or "", how many schedules have a slot that
# waits, then for each that is due: id, version, slot, fires.
DUE = (
    _SHARED
    + """
local now = now_ms()
local later = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
local found = {tostring(now), later[2] or '', redis.call('SCARD', KEYS[2])}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[2])) do
  local is = redis.call('HMGET', ARGV[1] .. id, 'version', 'slot', 'fires')
  if is[1] and is[2] and is[2] ~= '' then
    for _, told in ipairs({id, is[1], is[2], is[3] or '0'}) do found[#found + 1] = told end
  else
    redis.call('ZREM', KEYS[1], id)
  end
end
return found
"""
)

# Fires what is due of one schedule, unless it was fired, changed or switched off meanwhile.
#
# KEYS  record, open, history, due, alerts, waiting
# ARGV  1 id, 2 version, 3 slot, 4 next slot, 5 when that is fired ("": never), 6 an alert ("": none),
#       7 most that wait, then for each slot
#         run    due planned task stream field message
#         note   due outcome slots reason
# Answers nothing when it is too late, else the ids of the tasks that were put into the queue.
FIRE = (
    _SHARED
    + f"""
local record, open, history, due, alerts, waiting = unpack(KEYS)
local id = ARGV[1]
local is = redis.call('HMGET', record, 'version', 'slot', 'overlap', 'max_runs', 'fires')
if is[1] ~= ARGV[2] or is[2] ~= ARGV[3] then return false end
local now, fires, most, fired = now_ms(), tonumber(is[5] or 0), tonumber(is[4] or 0), {{}}
local next_slot, next_due = ARGV[4], ARGV[5]
local at = 8
while at <= #ARGV do
  if ARGV[at] == 'note' then
    local _, due_ms, outcome, slots, reason = unpack(ARGV, at, at + 4)
    note(history, {{due = due_ms, outcome = outcome, slots = slots, reason = reason}})
    at = at + 5
  else
    local slot = {{due = tonumber(ARGV[at + 1]), fired = now, late = now - ARGV[at + 2]}}
    local task, stream = ARGV[at + 3], ARGV[at + 4]
    if most > 0 and fires >= most then
      break
    elseif redis.call('HLEN', open) >= {LOOKED_AFTER} and is_busy(open, history)
        and redis.call('HLEN', open) >= {MOST_OPEN} then
      slot.outcome, slot.reason = 'skipped', '{MOST_OPEN:,} of its runs have not ended.'
      note(history, slot)
    elseif is[3] ~= 'allow' and is_busy(open, history) then
      if is[3] == 'queue' and redis.call('HLEN', open) <= tonumber(ARGV[7]) then
        slot.outcome, slot.field, slot.message, slot.stream = 'waiting', ARGV[at + 5], ARGV[at + 6], stream
        redis.call('HSET', open, task, cjson.encode(slot))
        redis.call('SADD', waiting, id)
        fires = fires + 1
      else
        slot.outcome, slot.reason = 'skipped', 'A run before it has not ended.'
        note(history, slot)
      end
    else
      slot.outcome, slot.stream = 'queued', stream
      slot.entry = redis.call('XADD', stream, '*', ARGV[at + 5], ARGV[at + 6])
      redis.call('HSET', open, task, cjson.encode(slot))
      fires = fires + 1
      fired[#fired + 1] = task
    end
    at = at + 7
  end
end
if most > 0 and fires >= most then next_slot, next_due = '', '' end
redis.call('HSET', record, 'slot', next_slot)
redis.call('HSET', record, 'fires', fires)
if next_due == '' then redis.call('ZREM', due, id) else redis.call('ZADD', due, next_due, id) end
if ARGV[6] ~= '' then redis.call('HSET', alerts, id, ARGV[6]) end
return fired
"""
)

# Runs a schedule now, whatever its next slot is.
#
# KEYS  record, open, history, waiting
# ARGV  id, task, stream, field, message
# Answers "queued", "waiting", "busy" or "gone".
RUN = (
    _SHARED
    + """
local overlap = redis.call('HGET', KEYS[1], 'overlap')
if not overlap then return 'gone' end
local now = now_ms()
local slot = {due = now, fired = now, late = 0, manual = 1, stream = ARGV[3]}
local busy = overlap ~= 'allow' and is_busy(KEYS[2], KEYS[3])
if busy and overlap == 'skip' then return 'busy' end
if busy then
  slot.outcome, slot.field, slot.message = 'waiting', ARGV[4], ARGV[5]
  redis.call('SADD', KEYS[4], ARGV[1])
else
  slot.outcome, slot.entry = 'queued', redis.call('XADD', ARGV[3], '*', ARGV[4], ARGV[5])
end
redis.call('HSET', KEYS[2], ARGV[2], cjson.encode(slot))
return slot.outcome
"""
)

# Puts into the queue what waited for the run before it, the oldest slot of each schedule.
#
# KEYS  waiting
# ARGV  prefix of a record's key
# Answers the ids of the tasks that were put into the queue.
RELEASE = (
    _SHARED
    + """
local released = {}
for _, id in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  local open = ARGV[1] .. id .. ':open'
  if not is_busy(open, ARGV[1] .. id .. ':history', true) then
    local first, task, left = nil, nil, 0
    local all = redis.call('HGETALL', open)
    for at = 1, #all, 2 do
      local slot = cjson.decode(all[at + 1])
      left = left + 1
      if not first or slot.due < first.due then first, task = slot, all[at] end
    end
    if first then
      first.outcome = 'queued'
      first.entry = redis.call('XADD', first.stream, '*', first.field, first.message)
      first.fired = now_ms()
      first.late = math.max(first.fired - first.due, 0)
      first.field, first.message = nil, nil
      redis.call('HSET', open, task, cjson.encode(first))
      released[#released + 1] = task
    end
    if left <= 1 then redis.call('SREM', KEYS[1], id) end
  end
end
return released
"""
)

# Begins a run, unless it was taken back: the schedule was removed or switched off before.
#
# KEYS  record, open
# ARGV  task, worker, stream, entry
# Answers nothing, or the open slot as JSON, the failures in a row, how many make an alert, and the
# overlap policy.
BEGIN = (
    _SHARED
    + """
local told = redis.call('HGET', KEYS[2], ARGV[1])
if not told then return false end
local slot = cjson.decode(told)
if not slot.began then redis.call('HINCRBY', KEYS[1], 'runs', 1) end
slot.began, slot.worker, slot.outcome = now_ms(), ARGV[2], 'running'
slot.attempts = (slot.attempts or 0) + 1
if ARGV[4] ~= '' then slot.stream, slot.entry = ARGV[3], ARGV[4] end
told = cjson.encode(slot)
redis.call('HSET', KEYS[2], ARGV[1], told)
local is = redis.call('HMGET', KEYS[1], 'streak', 'alert_after', 'overlap')
return {told, is[1] or '0', is[2] or '0', is[3] or ''}
"""
)

# Takes a schedule off the due times because nobody here can fire it, unless it was fired or changed.
#
# KEYS  record, due
# ARGV  id, version, slot
PARK = """
local is = redis.call('HMGET', KEYS[1], 'version', 'slot')
if is[1] == ARGV[2] and is[2] == ARGV[3] then redis.call('ZREM', KEYS[2], ARGV[1]) end
return 1
"""
