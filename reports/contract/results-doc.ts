import { format, resolveConfig } from 'prettier';
import ts from 'typescript';
import { type Message, say } from '../messages/catalogue.ts';
import { en } from '../messages/en.ts';
import { EXAMPLES } from '../messages/examples.ts';

const INTRODUCTION = `# results.json

What \`l4lab run\` writes beside the page, what \`l4lab run --json\` prints, and what \`l4lab merge\` and \`l4lab report diff\` read.
The file holds one \`Results\`. A reader refuses a \`version\` that it does not know. Optional fields are marked \`?\`.

The same for machines: [schema/results.schema.json](../schema/results.schema.json) (JSON Schema, draft 2020-12).
This page and the schema are generated from the types (\`npm run docs:results\`).
Examples, in italics, are sentences of the English report; their names and numbers are made up.
`;

/** The documentation of results.json as markdown: every exported type of these sources, with every field. */
export async function resultsDoc(sources: { file: string; text: string }[]): Promise<string> {
  const sections = sources.flatMap(({ file, text }) => {
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true);
    return source.statements.flatMap((statement) => {
      if (ts.isInterfaceDeclaration(statement)) return [interfaceSection(statement)];
      return ts.isTypeAliasDeclaration(statement) ? [aliasSection(statement)] : [];
    });
  });
  const style = await resolveConfig('docs/results.md');
  return format([INTRODUCTION, ...sections].join('\n'), { ...style, parser: 'markdown' });
}

function interfaceSection(node: ts.InterfaceDeclaration): string {
  const parents = node.heritageClauses?.flatMap(({ types }) => types.map((type) => type.getText())) ?? [];
  const fields = node.members.filter(ts.isPropertySignature);
  const areCodes = fields.length > 0 && fields.every((field) => codeOf(field) in EXAMPLES);
  const rows = fields.map((field) => {
    const name = `${field.name.getText()}${field.questionToken ? '?' : ''}`;
    const meaning = areCodes ? `${docOf(field)} ${exampleOf(codeOf(field))}`.trim() : docOf(field);
    return `| \`${name}\` | \`${oneLine(field.type?.getText() ?? '')}\` | ${meaning} |`;
  });
  const head = areCodes ? '| code | params | meaning, and an example |' : '| field | type | meaning |';
  const and = parents.length > 0 ? `All fields of ${parents.map((p) => `\`${p}\``).join(', ')}, and:\n\n` : '';
  return `## ${node.name.text}\n\n${paragraph(docOf(node))}${and}${head}\n|---|---|---|\n${rows.join('\n')}\n`;
}

function codeOf({ name }: ts.PropertySignature): string {
  return ts.isStringLiteral(name) ? name.text : name.getText();
}

/** Example sentence in English for a message code. */
function exampleOf(code: string): string {
  const message = { code, params: EXAMPLES[code as keyof typeof EXAMPLES] } as Message;
  return `_${oneLine(say(en, message))}_`;
}

function aliasSection(node: ts.TypeAliasDeclaration): string {
  return `## ${node.name.text}\n\n${paragraph(docOf(node))}\`\`\`ts\n${node.type.getText()}\n\`\`\`\n`;
}

function paragraph(text: string): string {
  return text ? `${text}\n\n` : '';
}

function docOf(node: ts.Node): string {
  const docs = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  return oneLine(docs.map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? '').join(' '));
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').replaceAll('|', '\\|').trim();
}
