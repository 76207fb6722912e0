import { EnvironmentError, type L4labError } from '../errors.ts';
import type { Fault } from '../terms/fault.ts';

/** Why flows are not run: a fault of the environment, or the user's interruption. */
export function faultOf(error: L4labError): Fault {
  return error instanceof EnvironmentError ? error.fault : { code: 'interrupted', params: {} };
}
