import type { L4labError } from '../errors.ts';
import type { Fault } from '../terms/fault.ts';

/** What an error says of the environment. */
export function faultOf({ message }: L4labError): Fault {
  return { code: 'environment', params: { error: message } };
}
