"""The steps that happen whole or not at all, as Lua; nothing newer than Redis 5.0.

A message in hand is an entry of a stream's consumer group. XACK and XCLAIM ask nobody whose entry
it is, so every script that changes one first asks XPENDING. Keys that a script finds among its
arguments are on the same server: Redis Cluster is not supported.
"""

# Keeps what became of a task, in its hash and in the zset of its state. A run's beginning is told
# late and never overwrites that run's end. Listeners are told while there are any.
RECORD = """
local function tell(run, prefix, events, id, name, state)
  if run('EXISTS', prefix .. ':watched') == 1 then
    local told = cjson.encode({id = id, name = name, state = state})
    run('XADD', events, 'MAXLEN', '~', 10000, '*',
      'topics', 'tasks task:' .. id, 'kind', 'task', 'data', told)
  end
end

local function record(run, at, stop)
  local prefix, id, name, state, nonce, now, seconds, events = unpack(ARGV, at, at + 7)
  local key = prefix .. ':of:' .. id
  local old, known_run, created, attempts =
    unpack(redis.call('HMGET', key, 'state', 'run', 'created_at', 'attempts'))
  local is_new_run = nonce ~= '' and known_run ~= nonce
  if state == 'running' and not is_new_run then return end
  attempts = (tonumber(attempts) or 0) + (is_new_run and 1 or 0)
  if old then
    run('HSET', key, 'state', state, 'run', nonce, 'attempts', attempts, unpack(ARGV, at + 8, stop))
  else
    run('HSET', key, 'name', name, 'created_at', now, 'state', state, 'run', nonce,
      'attempts', attempts, unpack(ARGV, at + 8, stop))
  end
  if old ~= state then
    if old then run('ZREM', prefix .. ':' .. old, id) end
    run('ZADD', prefix .. ':' .. state, created or now, id)
  end
  if seconds ~= '0' then run('EXPIRE', key, seconds) elseif old then run('PERSIST', key) end
  tell(run, prefix, events, id, name, state)
end
"""

# Ends the work on a message: acknowledges it, and carries out what its task wrote.
#
# KEYS  the stream
# ARGV  group, consumer, entry ("": there is none, only commands to carry out together),
#       then commands, each as its number of words and its words. Four words are ours:
#         BELL flag bell      rings for those who wait for a result
#         HAS hash field command
#                             carries the command out while the hash has the field
#         CLEAR key set       deletes a flag, and its name in the set of flags
#         CHORD hash index value seconds size stream message
#                             keeps a member's value; the last one in enqueues the callback
#         RECORD prefix id name state run now seconds events field value ...
#                             keeps what became of a task; see `thumbapp.taskqueue.recorder`
#         NOTE prefix id name events field value ...
#                             keeps more of a task that is on record, its state staying as it is
# Answers 1; 2 when a chord's callback was enqueued; 0 when the entry is not this consumer's any
# more and nothing was written; the text of the first error of a command after the acknowledgement.
FINISH = (
    RECORD
    + """
local stream, group, consumer, id = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local run, answer, failure = redis.call, 1, nil
if id ~= '' then
  local mine = redis.pcall('XPENDING', stream, group, id, id, 1, consumer)
  if mine.err or #mine == 0 then return 0 end
  -- First of all: once a script has written, a full memory refuses none of its other writes,
  -- and what is acknowledged makes room.
  redis.call('XACK', stream, group, id)
  redis.call('XDEL', stream, id)
  run = function(...)
    local reply = redis.pcall(...)
    if type(reply) == 'table' and reply.err then failure = failure or reply.err end
    return reply
  end
end
local at = 4
while at < #ARGV do
  local stop = at + tonumber(ARGV[at])
  local word = ARGV[at + 1]
  if word == 'BELL' then
    if run('EXISTS', ARGV[at + 2]) == 1 then
      run('XADD', ARGV[at + 3], 'MAXLEN', 1, '*', 'rung', 1)
      run('EXPIRE', ARGV[at + 3], 60)
    end
  elseif word == 'HAS' then
    if run('HEXISTS', ARGV[at + 2], ARGV[at + 3]) == 1 then run(unpack(ARGV, at + 4, stop)) end
  elseif word == 'CLEAR' then
    if run('SREM', ARGV[at + 3], ARGV[at + 2]) == 1 then run('DEL', ARGV[at + 2]) end
  elseif word == 'CHORD' then
    local parts = ARGV[at + 2]
    local is_new = run('HSETNX', parts, ARGV[at + 3], ARGV[at + 4])
    run('EXPIRE', parts, ARGV[at + 5])
    if is_new == 1 and run('HLEN', parts) == tonumber(ARGV[at + 6]) then
      run('XADD', ARGV[at + 7], '*', 'm', ARGV[at + 8])
      answer = 2
    end
  elseif word == 'RECORD' then
    record(run, at + 2, stop)
  elseif word == 'NOTE' then
    local prefix, task = ARGV[at + 2], ARGV[at + 3]
    if run('HEXISTS', prefix .. ':of:' .. task, 'state') == 1 then
      run('HSET', prefix .. ':of:' .. task, unpack(ARGV, at + 6, stop))
      tell(run, prefix, ARGV[at + 5], task, ARGV[at + 4], 'running')
    end
  else
    run(unpack(ARGV, at + 1, stop))
  end
  at = stop + 1
end
return failure or answer
"""
)

# Takes back a task that waits, or asks one that runs to stop: it is told when it reports progress.
# What seems to wait may have been taken a moment ago, so it is asked to stop as well.
#
# ARGV  the words of RECORD, less the first
# Answers 1 when the task waited and is cancelled, 0 when it runs or has ended.
CANCEL = (
    RECORD
    + """
local key = ARGV[1] .. ':of:' .. ARGV[2]
local state = redis.call('HGET', key, 'state')
if state == 'running' then
  redis.call('HSET', key, 'stop', 1)
  tell(redis.call, ARGV[1], ARGV[8], ARGV[2], ARGV[3], state)
elseif state == 'queued' or state == 'scheduled' or state == 'retrying' then
  record(redis.call, 1, #ARGV)
  redis.call('HSET', key, 'stop', 1)
  return 1
end
return 0
"""
)

# Queues a task again that has ended, once however many ask for it.
#
# ARGV  the state that it is in, the stream, the message ("": it is still in the queue), the dead
#       letters, its entry there ("": none), then the words of RECORD, less the first
# Answers 1; 0 when it is not in that state, or no such letter is there any more.
RETRY = (
    RECORD
    + """
local key = ARGV[6] .. ':of:' .. ARGV[7]
local state = redis.call('HGET', key, 'state')
if state and state ~= ARGV[1] then return 0 end
if ARGV[5] ~= '' and redis.call('XDEL', ARGV[4], ARGV[5]) == 0 then return 0 end
redis.call('HDEL', key, 'stop', 'progress', 'output', 'finished_at')
if ARGV[3] ~= '' then redis.call('XADD', ARGV[2], '*', 'm', ARGV[3]) end
record(redis.call, 6, #ARGV)
return 1
"""
)

# Replaces what a key holds, or deletes it, if that is still what is known.
#
# KEYS  the key
# ARGV  what it holds, what it will ("": nothing), for how many seconds ("": for ever)
# Answers 1, or 0 when it holds something else by now.
SWAP = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '' then
  redis.call('DEL', KEYS[1])
elseif ARGV[3] == '' then
  redis.call('SET', KEYS[1], ARGV[2])
else
  redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
end
return 1
"""

# Renews the leases of messages in hand.
#
# KEYS  the streams by rank
# ARGV  group, consumer, then rank and entry of each
# Answers rank and entry of those that are not this consumer's any more.
RENEW = """
local lost = {}
for at = 3, #ARGV, 2 do
  local key, id = KEYS[ARGV[at] + 1], ARGV[at + 1]
  local mine = redis.pcall('XPENDING', key, ARGV[1], id, id, 1, ARGV[2])
  if mine.err or #mine == 0 then
    lost[#lost + 1] = {tonumber(ARGV[at]), id}
  else
    redis.call('XCLAIM', key, ARGV[1], ARGV[2], 0, id, 'JUSTID')
  end
end
return lost
"""

# Gives messages away as long overdue, so that the next sweep of any consumer takes them over, and
# as if they had not been delivered this time.
#
# KEYS  the streams by rank
# ARGV  group, consumer, who gets them, idle time in ms, then rank:entry of each; none: all there are
# Answers rank and entry of those given.
RELEASE = """
local asked, given = {}, {}
for at = 5, #ARGV do asked[ARGV[at]] = true end
for rank, key in ipairs(KEYS) do
  local pending = redis.pcall('XPENDING', key, ARGV[1], '-', '+', 10000, ARGV[2])
  for _, entry in ipairs(pending.err and {} or pending) do
    local id = entry[1]
    if #ARGV == 4 or asked[(rank - 1) .. ':' .. id] then
      redis.call('XCLAIM', key, ARGV[1], ARGV[3], 0, id,
                 'IDLE', ARGV[4], 'RETRYCOUNT', math.max(entry[4] - 1, 0), 'JUSTID')
      given[#given + 1] = {rank - 1, id}
    end
  end
end
return given
"""

# Takes over messages that nobody has renewed in time.
#
# KEYS  the streams by rank
# ARGV  1 group, 2 consumer, 3 lease in ms, 4 ms after which an entry of this consumer that it does
#       not know of was lost on its way, 5 most to take, 6 the delivery that is a message's last try,
#       7 whether one on its last try may be taken (1), 8 the server's clock as expected, in ms, or
#       "", 9 by how many ms it may be ahead, 10 the hash of the ranks that are paused, whose messages stay,
#       then rank:entry of the messages this consumer knows of
# Answers the server's clock in ms, then rank, entry, fields and delivery of each. Nothing is taken
# when the clock is ahead: it was set, or the machine slept, and no lease tells anything for a while.
SWEEP = """
local group, me, lease, lost, most = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local last, may_be_last, known = tonumber(ARGV[6]), ARGV[7] == '1', {}
for at = 11, #ARGV do known[ARGV[at]] = true end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local found = {now}
if ARGV[8] ~= '' and now - ARGV[8] > tonumber(ARGV[9]) then return found end
for rank, key in ipairs(KEYS) do
  local is_paused = redis.call('HEXISTS', ARGV[10], rank - 1) == 1
  local pending = is_paused and {} or redis.pcall('XPENDING', key, group, '-', '+', 2000)
  for _, entry in ipairs(pending.err and {} or pending) do
    local id, owner, idle, delivery = entry[1], entry[2], entry[3], entry[4]
    local is_mine, is_known = owner == me, known[(rank - 1) .. ':' .. id]
    local is_lost = is_mine and not is_known and idle >= lost
    local is_stale = idle >= lease and not (is_mine and is_known)
    if not is_lost then delivery = delivery + 1 end
    if #found <= most and (is_lost or is_stale) and (delivery < last or may_be_last) then
      local claimed = redis.call('XCLAIM', key, group, me, 0, id, 'RETRYCOUNT', delivery)
      if claimed[1] then
        found[#found + 1] = {rank - 1, id, claimed[1][2], delivery}
        if delivery >= last then may_be_last = false end
      else
        redis.call('XACK', key, group, id)
      end
    end
  end
end
return found
"""

# Removes consumers that hold nothing and are gone; one that lives comes back by its next read.
#
# KEYS  the streams
# ARGV  group, idle time in ms, then names of consumers to remove however short they idled
TIDY = """
local leaving = {}
for at = 3, #ARGV do leaving[ARGV[at]] = true end
for _, key in ipairs(KEYS) do
  local consumers = redis.pcall('XINFO', 'CONSUMERS', key, ARGV[1])
  for _, fields in ipairs(consumers.err and {} or consumers) do
    local told = {}
    for at = 1, #fields, 2 do told[fields[at]] = fields[at + 1] end
    if told.pending == 0 and (told.idle >= tonumber(ARGV[2]) or leaving[told.name]) then
      redis.call('XGROUP', 'DELCONSUMER', key, ARGV[1], told.name)
    end
  end
end
return 1
"""

# Moves what is due from the schedule to the queue.
#
# KEYS  the schedule, then the streams by rank; members are one digit, the rank, and the message
# ARGV  now, most to move
# Answers the messages that were moved.
MOVE_DUE = """
local moved = {}
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])) do
  local stream = KEYS[(tonumber(string.sub(member, 1, 1)) or 1) + 2] or KEYS[3]
  local message = string.sub(member, 2)
  redis.call('XADD', stream, '*', 'm', message)
  redis.call('ZREM', KEYS[1], member)
  moved[#moved + 1] = message
end
return moved
"""
