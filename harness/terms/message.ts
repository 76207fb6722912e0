/** A message as data: a code from a closed list, and its parameters. The texts are in reports/messages. */
export type MessageOf<Params> = { [Code in keyof Params]: { code: Code; params: Params[Code] } }[keyof Params];
