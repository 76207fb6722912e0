/** A listener that can be closed. */
export interface Listening {
  close(): Promise<unknown>;
}
