/**
 * An English sentence of the harness and its translation. `{name}` stands for one word, `{name*}` for any text,
 * `{name?}` for any text or none; the translation writes all of them `{name}`.
 */
export type SentencePair = readonly [english: string, translation: string];

const PLACE = /\{(\w+)([*?]?)\}/g;
const ANYTHING: Record<string, string> = { '': '\\S+?', '*': '.+?', '?': '.*?' };

/**
 * Translates what the harness wrote in English. What stands in a place is translated in turn, since sentences hold one
 * another; what no pair knows stays as it is.
 */
export function translator(pairs: readonly SentencePair[]): (text: string) => string {
  const patterns = pairs
    .map(([english, translation]) => ({ english, form: formOf(english), translation }))
    // The one that says most of the sentence itself is the one that was meant.
    .sort((a, b) => b.english.replace(PLACE, '').length - a.english.replace(PLACE, '').length);
  const translate = (text: string): string => {
    for (const { form, translation } of patterns) {
      const found = form.exec(text);
      if (found) return translation.replace(PLACE, (_, name: string) => translate(found.groups?.[name] ?? ''));
    }
    return text;
  };
  return translate;
}

function formOf(english: string): RegExp {
  const literally = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const pieces = english.split(/(\{\w+[*?]?\})/);
  const source = pieces.map((piece, i) =>
    i % 2 === 0
      ? literally(piece)
      : piece.replace(PLACE, (_, name: string, kind: string) => `(?<${name}>${ANYTHING[kind]!})`),
  );
  return new RegExp(`^${source.join('')}$`, 's');
}
