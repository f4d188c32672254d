// What the library's parser makes of an expression, as far as it is read here. Types only.

/** A node of the tree; which members it has, its `type` says. */
export interface Node {
  readonly type: string;
  readonly value?: unknown;
  readonly position?: number;
  /** A step that keeps a list of one element a list (`[]`). */
  readonly keepArray?: boolean;
  readonly keepSingletonArray?: boolean;
  readonly consarray?: boolean;
  /** A call that stands last in a function: it takes the place of the one that makes it. */
  readonly thunk?: boolean;
  readonly signature?: unknown;
  readonly focus?: unknown;
  readonly index?: unknown;
  readonly steps?: readonly Node[];
  readonly stages?: readonly Stage[];
  readonly predicate?: readonly Stage[];
  readonly group?: { readonly lhs: readonly Pair[] };
  readonly terms?: readonly { readonly descending: boolean; readonly expression: Node }[];
  readonly expressions?: readonly Node[];
  readonly expression?: Node;
  readonly arguments?: readonly Node[];
  readonly procedure?: Node;
  readonly body?: Node;
  readonly condition?: Node;
  readonly then?: Node;
  readonly else?: Node;
  readonly pattern?: Node;
  readonly update?: Node;
  readonly delete?: Node;
  readonly lhs?: Node | readonly Pair[];
  readonly rhs?: Node;
}

export type Pair = readonly [Node, Node];

/** A filter in brackets behind a step. */
interface Stage {
  readonly type: string;
  readonly expr?: Node;
}
