/** Something that listens and can be ended. */
export interface Listening {
  close(): Promise<unknown>;
}
