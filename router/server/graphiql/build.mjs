// Bundles GraphiQL into the folder given as the first argument (default: dist): page, style, script, Monaco's workers,
// and a Brotli copy of each for browsers that take it. Nothing in the result refers to another host.
import { build } from 'esbuild';
import { readdir, readFile, writeFile, copyFile, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

const outdir = resolve(process.argv[2] ?? 'dist');
await mkdir(outdir, { recursive: true });

const common = {
  bundle: true,
  minify: true,
  outdir,
  target: ['es2022'],
  legalComments: 'none',
  logLevel: 'warning',
  define: { 'process.env.NODE_ENV': '"production"' },
};

await build({
  ...common,
  entryPoints: { main: 'src/main.jsx' },
  format: 'esm',
  splitting: true,
  chunkNames: 'chunk-[hash]',
  assetNames: '[name]-[hash]',
  jsx: 'automatic',
  // GraphiQL asks for Prettier's parsers by their old names, where the bundler finds modules without named exports, and
  // its Prettify button would do nothing.
  alias: {
    'prettier/parser-babel': 'prettier/plugins/babel',
    'prettier/parser-graphql': 'prettier/plugins/graphql',
  },
  loader: { '.ttf': 'file', '.svg': 'dataurl' },
});

await build({
  ...common,
  entryPoints: {
    'editor.worker': 'monaco-editor/esm/vs/editor/editor.worker.js',
    'json.worker': 'monaco-editor/esm/vs/language/json/json.worker.js',
    'graphql.worker': 'monaco-graphql/esm/graphql.worker.js',
  },
  format: 'iife',
});

await copyFile('src/index.html', join(outdir, 'index.html'));

for (const name of await readdir(outdir)) {
  if (name.endsWith('.br')) continue;
  const content = await readFile(join(outdir, name));
  const params = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
  await writeFile(join(outdir, `${name}.br`), brotliCompressSync(content, { params }));
}
