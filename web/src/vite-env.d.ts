declare module 'us-atlas/states-albers-10m.json' {
  const topology: unknown;
  export default topology;
}
declare module 'us-atlas/states-10m.json' {
  const topology: unknown;
  export default topology;
}
declare module 'world-atlas/countries-110m.json' {
  const topology: unknown;
  export default topology;
}
