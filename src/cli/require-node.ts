const OLDEST = 24;

// Imported first: anything else may use what an older Node lacks.
if (Number(process.versions.node.split('.')[0]) < OLDEST) {
  process.stderr.write(
    `sandgauge needs Node ${OLDEST} or newer, this is ${process.versions.node}: run it by npm start or use the standalone binary\n`,
  );
  process.exit(1);
}
