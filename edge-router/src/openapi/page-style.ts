export const pageStyle = `
:root { color-scheme: light dark; --line: light-dark(#d5dae1, #363c46); --soft: light-dark(#f4f6f9, #1b1f26);
  --dim: light-dark(#5a6472, #9aa4b2); --link: light-dark(#0b57d0, #8ab4f8); }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; background: light-dark(#fff, #12151a);
  color: light-dark(#1a1f27, #e6e9ee); }
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
code, pre { font: 0.875em/1.5 ui-monospace, monospace; }
pre { margin: 0.5rem 0; padding: 0.75rem 1rem; overflow-x: auto; background: var(--soft); border: 1px solid var(--line);
  border-radius: 6px; }
.whole { display: grid; grid-template-columns: 19rem minmax(0, 1fr); max-width: 80rem; margin: 0 auto; }
nav { position: sticky; top: 0; align-self: start; max-height: 100vh; overflow-y: auto; padding: 1.5rem 1rem;
  border-right: 1px solid var(--line); }
nav h2 { margin: 1rem 0 0.25rem; font-size: 0.8rem; text-transform: uppercase; letter-spacing: 0.05em; color: var(--dim); }
nav ul { margin: 0; padding: 0; list-style: none; font-size: 0.9rem; }
nav li { padding: 0.1rem 0; overflow-wrap: anywhere; }
main { padding: 1.5rem 2rem 4rem; }
section { padding: 1.5rem 0; border-top: 1px solid var(--line); scroll-margin-top: 1rem; }
h3 { margin: 0; font-size: 1.15rem; }
.address { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: center; margin: 0.25rem 0 0.5rem;
  overflow-wrap: anywhere; }
.method { padding: 0 0.5rem; border-radius: 4px; font: 700 0.75rem/1.6 ui-monospace, monospace; color: #fff; }
.get { background: #1a6fb4; } .post { background: #1d7a46; } .put, .patch { background: #9a5b00; } .delete { background: #b3261e; }
.dim { color: var(--dim); font-size: 0.9rem; }
table { width: 100%; border-collapse: collapse; font-size: 0.9rem; }
th, td { padding: 0.3rem 0.75rem 0.3rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; }
td:first-child { white-space: nowrap; }
details { margin: 0.5rem 0; }
summary { cursor: pointer; }
@media (max-width: 50rem) {
  .whole { grid-template-columns: minmax(0, 1fr); }
  nav { position: static; max-height: none; border-right: 0; border-bottom: 1px solid var(--line); }
  main { padding: 1rem; }
  td:first-child { white-space: normal; }
}
`;
