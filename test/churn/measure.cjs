/** Preloaded into the agent: on SIGUSR2 it collects garbage and says what is left, in bytes. */
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');
process.on('SIGUSR2', () => {
  gc();
  gc();
  const { heapUsed, external } = process.memoryUsage();
  process.stderr.write(`MEASURED ${JSON.stringify({ heapUsed, external })}\n`);
});
