/** Child of runsc.ts: FOLDER COUNT; serves that many sandboxes until its stdin ends. */
import { startDouble } from '../support/runsc/double.ts';

const [folder = '', count = ''] = process.argv.slice(2);
const doubles = await Promise.all(Array.from({ length: Number(count) }, () => startDouble(folder)));
process.stdout.write('ready\n');
process.stdin.resume();
process.stdin.on('end', async () => {
  await Promise.all(doubles.map((double) => double.close()));
  process.exit();
});
