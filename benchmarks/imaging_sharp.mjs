// Renders with sharp on request: one JSON line in, one JSON line with the CPU time out.
import { readFileSync } from "node:fs";
import sharp from "sharp";
import readline from "node:readline";

sharp.concurrency(1);
sharp.cache(false);

const encoders = {
  jpeg: (image) => image.jpeg({ quality: 75 }),
  png: (image) => image.png(),
  webp: (image) => image.webp({ quality: 75 }),
};
const box = (size) => ({ width: size, height: size, fit: "inside", withoutEnlargement: true });
const finish = (image, { format, out }, size) =>
  out ? encoders.png(image).toFile(`${out}/${size}.png`) : encoders[format](image).toBuffer();

async function usual(job) {
  let bytes = 0;
  for (const size of job.sizes) {
    const made = await finish(sharp(job.path).autoOrient().resize(box(size)), job, size);
    bytes += made.length ?? made.size;
  }
  return bytes;
}

async function cascade(job) {
  let bytes = 0;
  let image = sharp(job.path).autoOrient();
  for (const size of job.sizes) {
    const { data, info } = await image.resize(box(size)).raw().toBuffer({ resolveWithObject: true });
    const raw = { raw: { width: info.width, height: info.height, channels: info.channels } };
    const made = await finish(sharp(data, raw), job, size);
    bytes += made.length ?? made.size;
    image = sharp(data, raw);
  }
  return bytes;
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const job = JSON.parse(line);
  const before = process.cpuUsage();
  const bytes = await (job.peer === "sharp usual" ? usual : cascade)(job);
  const used = process.cpuUsage(before);
  const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]) * 1024;
  console.log(JSON.stringify({ cpu_ms: (used.user + used.system) / 1000, bytes, peak }));
}
