interface Sequenced {
  name: string;
  after?: string | undefined;
}

/** A flow, and before it those that it comes after; only such as are among the flows. */
export function leadingTo<T extends Sequenced>(flow: T, flows: T[]): T[] {
  const former = flows.find(({ name }) => name === flow.after);
  return former === undefined ? [flow] : [...leadingTo(former, flows), flow];
}

/** Flows with all those that they come after, in the order of `flows`. */
export function withFormer<T extends Sequenced>(some: T[], flows: T[]): T[] {
  const needed = new Set(some.flatMap((flow) => leadingTo(flow, flows)));
  return flows.filter((flow) => needed.has(flow));
}

/** Whether a flow starts from what this one leaves behind. */
export function hasFollower({ name }: Sequenced, flows: Sequenced[]): boolean {
  return flows.some(({ after }) => after === name);
}

/** Flows one after another, each sequence from its beginning; most flows are alone in theirs. */
export function sequencesOf<T extends Sequenced>(flows: T[]): T[][] {
  return flows.filter((flow) => !hasFollower(flow, flows)).map((last) => leadingTo(last, flows));
}
