/** Bundles the program into one CommonJS file, with the packaged files inside. */
import { bundleProgram } from './bundle/bundle.ts';

await bundleProgram({ outfile: 'dist/sandgauge.cjs' });
