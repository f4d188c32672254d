// What has a process used? CPU and memory of the workerd that runs a relay, from the kernel's own accounts.
import { readdirSync, readFileSync } from "node:fs";

/** Of one process, since it was started. */
export interface Usage {
  /** In user mode and in the kernel, all threads, in ms; the kernel counts in steps of 10. */
  readonly cpuMs: number;
  /** Memory that is resident now, and the most that ever was, in bytes. */
  readonly residentBytes: number;
  readonly peakBytes: number;
}

/** The kernel's clock ticks a second, as every Linux has told its programs for decades (`getconf CLK_TCK`). */
const ticksPerSecond = 100;

/** The workerds that this process has started; none where there is no /proc. */
export function workerds(): number[] {
  return listed().filter((pid) => {
    const { name, parent } = parseStat(read(pid, "stat"));
    return name === "workerd" && parent === process.pid;
  });
}

/** `null` where the process is gone, or the system does not tell. */
export function usageOf(pid: number | undefined): Usage | null {
  if (pid === undefined) return null;
  const [stat, status] = [read(pid, "stat"), read(pid, "status")];
  if (stat === "" || status === "") return null;
  return {
    cpuMs: parseStat(stat).cpuMs,
    residentBytes: kilobytesOf("VmRSS", status) * 1024,
    peakBytes: kilobytesOf("VmHWM", status) * 1024,
  };
}

/** `pid (name) state parent …`: the name may hold anything, the last bracket ends it (proc_pid_stat(5)). */
export function parseStat(text: string): { name: string; parent: number; cpuMs: number } {
  const end = text.lastIndexOf(")");
  const fields = text.slice(end + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  return {
    name: text.slice(text.indexOf("(") + 1, end),
    parent: Number(fields[1]),
    cpuMs: (ticks * 1000) / ticksPerSecond,
  };
}

function kilobytesOf(key: string, status: string): number {
  return Number(new RegExp(String.raw`^${key}:\s+(\d+) kB`, "m").exec(status)?.[1] ?? Number.NaN);
}

function listed(): number[] {
  try {
    return readdirSync("/proc")
      .map(Number)
      .filter((pid) => pid > 0);
  } catch {
    return [];
  }
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return ""; // It has ended meanwhile.
  }
}
