import path from 'node:path';
import { build } from 'esbuild';
import type { PageBundle } from '../page-html.ts';

// Relative to the project's root, because this file may itself be bundled elsewhere.
const page = path.resolve('reports/page');

/** The page's client code, bundled as in the product's build. */
export async function bundlePage(): Promise<PageBundle> {
  const { outputFiles } = await build({
    entryPoints: { js: path.join(page, 'main.tsx'), css: path.join(page, 'style.css') },
    bundle: true,
    minify: true,
    write: false,
    outdir: 'out',
    format: 'iife',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
  });
  const text = (extension: string) => outputFiles.find(({ path: name }) => name.endsWith(extension))?.text ?? '';
  return { js: text('.js'), css: text('.css') };
}
