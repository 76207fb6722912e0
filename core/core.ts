/**
 * The part that needs neither Docker nor Node: from the text of a lab and a scenario to plans, predicted walks and
 * fixes. Also runs in browsers.
 */
export { readLab, readScenario, readScenarioFile } from '../harness/scenario/read/read.ts';
export { parseYaml } from '../harness/scenario/yaml-file.ts';
export { plansOf } from '../harness/scenario/resolve/plans.ts';
export { predict } from '../harness/model/predict.ts';

export { fixesFor } from '../harness/model/fixes/what-if.ts';
export { fixesText, say } from '../reports/messages/catalogue.ts';
export { en } from '../reports/messages/en.ts';
export { ko } from '../reports/messages/ko.ts';
export { matrixText } from '../reports/content/matrix-text.ts';
export { walkDrawing } from '../reports/content/walk-drawing.ts';
