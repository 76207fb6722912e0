import path from 'node:path';
import ts from 'typescript';

type Schema = Record<string, unknown>;

/** JSON Schema (draft 2020-12) of results.json as text, made from the type `Results` in `file`. */
export function resultsSchema(file = 'harness/terms/results.ts'): string {
  const { config } = ts.readConfigFile('tsconfig.json', (name) => ts.sys.readFile(name)) as { config: unknown };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, path.resolve('.'), { types: [] });
  const program = ts.createProgram([file], options);
  const checker = program.getTypeChecker();
  const results = program.getSourceFile(file)?.statements.find(isResults);
  if (!results) throw new RangeError(`${file} declares no interface Results.`);
  const $defs: Record<string, Schema> = {};
  const root = objectSchema(checker.getTypeAtLocation(results), { checker, $defs });
  const $schema = 'https://json-schema.org/draft/2020-12/schema';
  return `${JSON.stringify({ $schema, title: 'results.json of l4lab', ...root, $defs }, null, 2)}\n`;
}

interface Context {
  checker: ts.TypeChecker;
  /** Schemas of named types, which others refer to. */
  $defs: Record<string, Schema>;
}

function isResults(node: ts.Statement): node is ts.InterfaceDeclaration {
  return ts.isInterfaceDeclaration(node) && node.name.text === 'Results';
}

function schemaOf(type: ts.Type, context: Context): Schema {
  const { checker, $defs } = context;
  if (type.flags & ts.TypeFlags.Null) return { type: 'null' };
  if (type.flags & ts.TypeFlags.Never) return { not: {} };
  if (type.flags & ts.TypeFlags.BooleanLiteral) return { const: checker.typeToString(type) === 'true' };
  if (type.isLiteral()) return { const: type.value };
  const primitive = checker.typeToString(type);
  if (['string', 'number', 'boolean'].includes(primitive)) return { type: primitive };
  if (type.flags & ts.TypeFlags.TemplateLiteral) return { type: 'string' };
  if (checker.isTupleType(type)) {
    const items = checker.getTypeArguments(type as ts.TypeReference);
    return { type: 'array', prefixItems: items.map((item) => schemaOf(item, context)), items: false };
  }
  if (checker.isArrayType(type)) {
    return { type: 'array', items: schemaOf(checker.getTypeArguments(type as ts.TypeReference)[0]!, context) };
  }
  const schema = (): Schema => (type.isUnion() ? unionSchema(type, context) : objectSchema(type, context));
  const name = nameOf(type);
  if (name === null) return schema();
  if (!$defs[name]) {
    $defs[name] = {};
    $defs[name] = schema();
  }
  return { $ref: `#/$defs/${name}` };
}

/** Name of an interface or named union; generic types are not one type. */
function nameOf(type: ts.Type): string | null {
  const { symbol, aliasSymbol, aliasTypeArguments } = type as { symbol?: ts.Symbol } & ts.Type;
  if (type.isUnion()) return aliasTypeArguments ? null : (aliasSymbol?.name ?? null);
  return symbol && symbol.flags & ts.SymbolFlags.Interface ? symbol.name : null;
}

/** An enumeration if all members are literals. */
function unionSchema({ types }: ts.UnionType, context: Context): Schema {
  const present = types.filter(({ flags }) => !(flags & ts.TypeFlags.Undefined));
  if (present.every((type) => type.isLiteral())) return { enum: present.map((type) => type.value) };
  const isTruth = ({ flags }: ts.Type): boolean => (flags & ts.TypeFlags.BooleanLiteral) !== 0;
  const schemas = present.filter((type) => !isTruth(type)).map((type) => schemaOf(type, context));
  const truths = present.filter(isTruth);
  const all = [
    ...schemas,
    ...(truths.length === 2 ? [{ type: 'boolean' }] : truths.map((type) => schemaOf(type, context))),
  ];
  return all.length === 1 ? all[0]! : { anyOf: all };
}

function objectSchema(type: ts.Type, context: Context): Schema {
  const { checker } = context;
  const values = checker.getIndexInfoOfType(type, ts.IndexKind.String);
  if (values) return { type: 'object', additionalProperties: schemaOf(values.type, context) };
  const fields = checker.getPropertiesOfType(type);
  const required = fields.filter(({ flags }) => !(flags & ts.SymbolFlags.Optional)).map(({ name }) => name);
  const properties = fields.map((field): [string, Schema] => {
    const description = ts.displayPartsToString(field.getDocumentationComment(checker)).replace(/\s+/g, ' ');
    return [
      field.name,
      { ...schemaOf(checker.getTypeOfSymbol(field), context), ...(description ? { description } : {}) },
    ];
  });
  return { type: 'object', properties: Object.fromEntries(properties), required, additionalProperties: false };
}
