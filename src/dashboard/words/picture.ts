// Where sources, routes and destinations stand in a picture of them, and which lines join them. Geometry only; pure.
import type { RouteAnswer } from "../../contract/operations.ts";

export interface Box {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A route with the lines that lead to it and from it. */
export interface Way extends Box {
  readonly patterns: string;
  readonly lines: readonly string[];
}

export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly sources: readonly Box[];
  readonly ways: readonly Way[];
  readonly destinations: readonly Box[];
}

export interface Named {
  readonly sources: readonly string[];
  readonly routes: readonly RouteAnswer[];
  readonly destinations: readonly string[];
}

const ROW = 30;
const TALL = 46;
const GAP = 10;
const COLUMN = 280;
const WIDTH = 1080;
/** More air than this between two boxes would be no column any more. */
const LARGEST_GAP = 40;
/** Room for the headings of the columns. */
const TOP = 30;

/** Three columns, for a page that is wide enough to read them. */
export function inColumns({ sources, routes, destinations }: Named): Picture {
  const order = (name: string, ends: (route: RouteAnswer) => readonly string[]) => {
    const at = routes.flatMap((route, n) => (ends(route).includes(name) ? [n] : []));
    return at.length === 0 ? Number.MAX_SAFE_INTEGER : at.reduce((sum, n) => sum + n, 0) / at.length;
  };
  const near = (names: readonly string[], ends: (route: RouteAnswer) => readonly string[]) =>
    names
      .map((name) => ({ name, at: order(name, ends) }))
      .toSorted((a, b) => a.at - b.at || (a.name < b.name ? -1 : 1))
      .map(({ name }) => ({ name, height: ROW }));
  const middle = routes.map((route) => ({ name: route.name, height: TALL, route }));
  const columns = [near(sources, ({ from }) => from), middle, near(destinations, ({ to }) => to)] as const;
  const height = TOP + Math.max(ROW, ...columns.map((column) => tall(column)));

  const left = stack(columns[0], 0, height);
  const right = stack(columns[2], WIDTH - COLUMN, height);
  const ways = stack(middle, (WIDTH - COLUMN) / 2, height).map((box): Way => {
    const { route } = box;
    const from = left.filter(({ name }) => route.from.includes(name));
    const to = right.filter(({ name }) => route.to.includes(name));
    const lines = [...from.map((one) => join(one, box)), ...to.map((one) => join(box, one))];
    return Object.assign(box, { patterns: patternsOf(route), lines });
  });
  return { width: WIDTH, height, sources: left, ways, destinations: right };
}

function patternsOf({ events }: RouteAnswer): string {
  return events.length === 0 ? "every event" : events.join(", ");
}

/**
 * The column in the middle of the height, each box below the one before;
 * a short one takes some of the room that is left.
 */
function stack<T extends { readonly height: number }>(
  column: readonly T[],
  x: number,
  height: number,
): (T & { x: number; y: number; width: number })[] {
  const left = (height - TOP - tall(column)) / Math.max(1, column.length - 1);
  const gap = Math.min(LARGEST_GAP, GAP + left);
  let y = TOP + (height - TOP - tall(column, gap)) / 2;
  return column.map((one) => {
    const placed = Object.assign({ x, y, width: COLUMN }, one);
    y += one.height + gap;
    return placed;
  });
}

function tall(column: readonly { readonly height: number }[], gap = GAP): number {
  return column.reduce((sum, box) => sum + box.height + gap, -gap);
}

function join(from: Box, to: Box): string {
  const [x, y] = [from.x + from.width, from.y + from.height / 2];
  const [end, level] = [to.x, to.y + to.height / 2];
  const bend = (x + end) / 2;
  return `M${x} ${y}C${bend} ${y} ${bend} ${level} ${end} ${level}`;
}

const NARROW = 340;
const INDENT = 26;

/** One route below the other, each with its sources above it and its destinations below it: for a phone. */
export function inOneColumn({ routes }: Pick<Named, "routes">): Picture {
  let y = 0;
  const row = (name: string, x: number, height: number): Box => {
    const box = { name, x, y, width: NARROW - x, height };
    y += height + GAP;
    return box;
  };
  const blocks = routes.map((route) => {
    const from = route.from.map((name) => row(name, 0, ROW));
    const middle = row(route.name, INDENT, TALL);
    const to = route.to.map((name) => row(name, 2 * INDENT, ROW));
    y += GAP * 2;
    const first = from[0];
    const lines = [
      ...(first === undefined ? [] : [elbow(INDENT / 2, first.y + ROW, middle)]),
      ...to.map((one) => elbow(INDENT * 1.5, middle.y + middle.height, one)),
    ];
    return { from, to, way: { ...middle, patterns: patternsOf(route), lines } };
  });
  return {
    width: NARROW,
    height: Math.max(0, y - GAP * 3),
    sources: blocks.flatMap(({ from }) => from),
    ways: blocks.map(({ way }) => way),
    destinations: blocks.flatMap(({ to }) => to),
  };
}

function elbow(x: number, y: number, to: Box): string {
  return `M${x} ${y}V${to.y + to.height / 2}H${to.x}`;
}

/** What fits into a box, with an ellipsis where something is left out. */
export function fitting(text: string, width: number): string {
  const most = Math.floor((width - 24) / 7.4);
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
