// Monaco runs its language services in workers. They are bundled beside the page, so that no other host is asked.
const names = { json: 'json.worker.js', graphql: 'graphql.worker.js' };

globalThis.MonacoEnvironment = {
  getWorker(_id, label) {
    const name = names[label] ?? 'editor.worker.js';
    return new Worker(new URL(name, import.meta.url), { name: label });
  },
};
