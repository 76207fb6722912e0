import type { MessageOf } from './message.ts';

/** Why a flow could not be run: what is wrong with the environment. */
export type Fault = MessageOf<Faults>;

export interface Faults {
  environment: { error: string };
}
