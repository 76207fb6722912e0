import type { Plan } from '../../harness/terms/plan.ts';
import type { Prediction, Question } from '../../harness/terms/walk.ts';
import { namesText } from '../messages/names.ts';
import { walkDrawing } from './walk-drawing.ts';
import { wrap } from './wrap.ts';

/**
 * The walks of a flow's alternatives. Servers whose walks differ only in the server share one.
 * @param width maximum line length in characters
 */
export function predictionsText(predictions: Prediction[], plan: Plan, width: number): string {
  const isOneOfSeveral = plan.services.some(({ l4s }) => l4s.length > 1);
  const texts = alikePredictions(predictions, plan).map(([first, ...others]) => {
    const { l4, picked, cause, ...walk } = first!;
    const names = namesText(others.map((other) => other.picked ?? ''));
    const alike = others.length > 0 ? `; with ${names} it is the same` : '';
    const { question } = walk;
    const answer = question === undefined ? '' : wrap(answerText(question), width);
    const title = picked === null ? '' : wrap(`${isOneOfSeveral ? l4 : 'L4'} picks ${picked}${alike}`, width);
    return answer + title + walkDrawing(walk, plan, { width, cause });
  });
  return texts.join('\n');
}

/** Text of a DNS server's answer. */
function answerText({ name, server, addresses, ageS }: Question): string {
  const [first, ...others] = addresses;
  if (ageS !== undefined) return `The caller has an answer of ${server}, ${ageS} s old: ${name} is ${first}`;
  if (first === undefined) return `The caller asks ${server} for ${name}, and learns no address`;
  const rest = others.length === 0 ? '' : ` before ${others.join(', ')}`;
  return `${server} answers that ${name} is ${first}${rest}`;
}

/** A flow's alternatives; those that differ only in the picked server are one. */
export function alikePredictions(predictions: Prediction[], plan: Plan): Prediction[][] {
  const groups = new Map<string, Prediction[]>();
  for (const prediction of predictions) {
    const key = withoutServer(prediction, plan);
    groups.set(key, [...(groups.get(key) ?? []), prediction]);
  }
  return [...groups.values()];
}

/** A prediction with placeholders for everything specific to the picked server. */
function withoutServer(prediction: Prediction, { nodes }: Plan): string {
  const { picked } = prediction;
  const interfaces = nodes.flatMap((node) => node.interfaces.filter((i) => node.name === picked || i.peer === picked));
  const own = nodes.find(({ name }) => name === picked)?.interfaces ?? [];
  const words = [
    picked ?? '',
    ...interfaces.map(({ mac }) => mac),
    ...own.flatMap(({ addresses }) => addresses.map((cidr) => cidr.split('/')[0]!)),
  ].filter((word) => word !== '');
  return words.reduce((text, word) => text.replaceAll(`"${word}"`, '"SERVER"'), JSON.stringify(prediction));
}
