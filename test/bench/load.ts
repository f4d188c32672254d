// The load generator: a process of its own that speaks HTTP/1.1 over raw sockets, as fast as it can or at a pace, and reports what was answered.
// wrk reaches the same rate on the no-op route; this one needs no package of the system, sends every event once, and reads every answer.
import { connect, type Socket } from "node:net";
import { spread, wallClock, type Spread } from "./statistics.ts";
import { request } from "./traffic.ts";

/** One run. It ends after `seconds` or after `count` requests, whichever comes first; then it waits for open answers. */
export interface Plan {
  readonly port: number;
  readonly path: string;
  readonly secret: string;
  readonly connections: number;
  readonly seconds: number;
  readonly count: number;
  /** Requests per second; `null` sends the next one as soon as a connection is free. */
  readonly rate: number | null;
  /** Serial of the first request: no two runs share one. */
  readonly from: number;
}

export interface Outcome {
  /** When the first request was sent (`wallClock`). */
  readonly startedAt: number;
  readonly sent: number;
  /** 200 with `"status":"accepted"`. Nothing else counts. */
  readonly accepted: number;
  /** Every other answer, by status; `closed` where the connection ended without one. */
  readonly others: Readonly<Record<string, number>>;
  readonly perSecond: number;
  readonly latencyMs: Spread;
  /** Event id → when its answer had been read (`wallClock`). Only for runs with a `count`. */
  readonly acks: Readonly<Record<string, number>>;
  /** Share of one core that the generator itself used. */
  readonly busy: number;
}

/** A safe bound for what one run may sign ahead: signing is no part of what is timed. */
const aheadPerSecond = 9000;
const graceMs = 30_000;

process.on("message", (plan: Plan) => {
  void new Run(plan).outcome().then((outcome) => process.send?.(outcome));
});

process.on("disconnect", () => process.exit());

class Run {
  readonly plan: Plan;
  private readonly ready: Buffer[] = [];
  private readonly latencies: number[] = [];
  private readonly acks: Record<string, number> = {};
  private readonly others: Record<string, number> = {};
  private readonly idle: Connection[] = [];
  private sent = 0;
  private accepted = 0;
  private open = 0;
  private endsAt = 0;
  private lastAnswer = 0;
  private finish: () => void = () => {};

  constructor(plan: Plan) {
    this.plan = plan;
    const ahead = Math.min(plan.count, Math.ceil(plan.seconds * aheadPerSecond));
    for (let n = ahead - 1; n >= 0; n -= 1) this.ready.push(this.sign(n));
  }

  async outcome(): Promise<Outcome> {
    const { plan } = this;
    const sockets = Array.from({ length: plan.connections }, () => new Connection(plan.port, this));
    await Promise.all(sockets.map((one) => one.opened));
    const cpu = process.cpuUsage();
    const startedAt = wallClock();
    const start = performance.now();
    this.endsAt = start + plan.seconds * 1000;
    const done = new Promise<void>((resolve) => {
      this.finish = resolve;
    });
    const deadline = setTimeout(this.finish, plan.seconds * 1000 + graceMs);
    this.idle.push(...sockets);
    const pace = plan.rate === null ? undefined : this.keepPace(plan.rate, start);
    if (pace === undefined) while (this.idle.length > 0 && this.next(this.idle.pop()));
    await done;
    clearTimeout(deadline);
    clearInterval(pace);
    const { user, system } = process.cpuUsage(cpu);
    const elapsedMs = this.lastAnswer - start;
    for (const one of sockets) one.close();
    return {
      startedAt,
      sent: this.sent,
      accepted: this.accepted,
      others: this.others,
      perSecond: (this.accepted / elapsedMs) * 1000,
      latencyMs: spread(this.latencies),
      acks: this.acks,
      busy: (user + system) / 1000 / elapsedMs,
    };
  }

  /** One answer, `"closed"` in place of a status for a connection that broke; the connection is free again unless it broke. */
  answered(connection: Connection, status: string, body: string, startedAt: number): void {
    const now = performance.now();
    this.open -= 1;
    this.lastAnswer = now;
    if (status === "200" && body.includes('"status":"accepted"')) {
      this.accepted += 1;
      this.latencies.push(now - startedAt);
      const id = /evt_[^"]+/.exec(body)?.[0];
      if (Number.isFinite(this.plan.count) && id !== undefined) this.acks[id] = wallClock();
    } else {
      this.others[status] = (this.others[status] ?? 0) + 1;
    }
    if (status !== "closed") {
      if (this.plan.rate === null && this.next(connection)) return;
      this.idle.push(connection);
    }
    if (this.open === 0 && this.over()) this.finish();
  }

  /** Sends the next request on a free connection; false once the run is over. */
  private next(connection: Connection | undefined): boolean {
    if (connection === undefined || this.over()) return false;
    const bytes = this.ready.pop() ?? this.sign(this.sent);
    this.sent += 1;
    this.open += 1;
    connection.send(bytes);
    return true;
  }

  private over(): boolean {
    return this.sent >= this.plan.count || performance.now() >= this.endsAt;
  }

  private keepPace(rate: number, start: number): NodeJS.Timeout {
    return setInterval(() => {
      const due = Math.ceil(((performance.now() - start) / 1000) * rate);
      while (this.sent < due && this.idle.length > 0 && this.next(this.idle.pop()));
      if (this.open === 0 && this.over()) this.finish();
    }, 1);
  }

  private sign(n: number): Buffer {
    return request(this.plan.path, this.plan.secret, this.plan.from + n);
  }
}

/** One kept connection with at most one request under way. */
class Connection {
  readonly opened: Promise<void>;
  private readonly socket: Socket;
  private readonly run: Run;
  private received = "";
  private startedAt: number | null = null;

  constructor(port: number, run: Run) {
    this.run = run;
    this.socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.opened = new Promise((resolve, reject) => {
      this.socket.once("connect", resolve).once("error", reject);
    });
    this.socket.setEncoding("latin1");
    this.socket.on("data", (chunk: string) => this.read(chunk));
    this.socket.on("error", () => {});
    this.socket.on("close", () => this.answer("closed", ""));
  }

  send(bytes: Buffer): void {
    this.received = "";
    this.startedAt = performance.now();
    this.socket.write(bytes);
  }

  close(): void {
    this.startedAt = null;
    this.socket.destroy();
  }

  private read(chunk: string): void {
    this.received += chunk;
    const head = this.received.indexOf("\r\n\r\n");
    if (head < 0) return;
    const length = /\r\ncontent-length: (\d+)/i.exec(this.received)?.[1];
    if (length === undefined) throw new Error(`an answer without a length: ${this.received}`);
    const body = this.received.slice(head + 4);
    if (body.length >= Number(length)) this.answer(this.received.slice(9, 12), body);
  }

  private answer(status: string, body: string): void {
    if (this.startedAt === null) return;
    const { startedAt } = this;
    this.startedAt = null;
    this.run.answered(this, status, body, startedAt);
  }
}
