interface Sequenced {
  name: string;
  after?: string | undefined;
}

/** A flow and its predecessors (`after`) in order, limited to the given flows. */
export function sequenceTo<T extends Sequenced>(flow: T, flows: T[]): T[] {
  const former = flows.find(({ name }) => name === flow.after);
  return former === undefined ? [flow] : [...sequenceTo(former, flows), flow];
}

/** Flows with all their predecessors, in the order of `flows`. */
export function withPredecessors<T extends Sequenced>(some: T[], flows: T[]): T[] {
  const needed = new Set(some.flatMap((flow) => sequenceTo(flow, flows)));
  return flows.filter((flow) => needed.has(flow));
}

/** Whether a flow starts from the state left by this one. */
export function hasFollower({ name }: Sequenced, flows: Sequenced[]): boolean {
  return flows.some(({ after }) => after === name);
}

/** Flows grouped into sequences; most sequences have one flow. */
export function sequencesOf<T extends Sequenced>(flows: T[]): T[][] {
  return flows.filter((flow) => !hasFollower(flow, flows)).map((last) => sequenceTo(last, flows));
}
