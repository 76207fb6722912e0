/** Something to report, as data: a code of a closed list and what it is about. The texts are in reports/messages. */
export type MessageOf<Params> = { [Code in keyof Params]: { code: Code; params: Params[Code] } }[keyof Params];
