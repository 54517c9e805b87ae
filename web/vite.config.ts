import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

// `vite dev` passes API calls on to a running server (or the fake one) so that the page is always same-origin.
const server = process.env.BRIDGE_URL ?? 'http://127.0.0.1:8080';

// Which modules the screen of an address needs beside those of every screen, as the server writes its addresses.
const SCREENS: Record<string, string[]> = {
  '*': ['src/main.ts', 'src/page.tsx'],
  '/d/{slug}': ['src/dashboard/dashboard_screen.tsx', 'src/charts/echarts.ts'],
  '/d/{slug}/edit': ['src/dashboard_editor/editor_screen.tsx', 'src/dashboard_editor/yaml_editor.tsx', 'src/charts/echarts.ts'],
  '/chat': ['src/chat/chat_screen.tsx'],
  '/chat/{session_id}': ['src/chat/chat_screen.tsx'],
  '/usage': ['src/observability/usage_screen.tsx'],
  '/prompt-blocks': ['src/prompt_blocks/prompt_blocks_screen.tsx'],
  '/prompt-blocks/{name}': ['src/prompt_blocks/prompt_blocks_screen.tsx'],
};

// scripts.json: the built scripts of each screen, which the server names in a Link header so that all are asked for with the document.
const scripts_of_screens: Plugin = {
  name: 'scripts-of-screens',
  apply: 'build',
  generateBundle(_, bundle) {
    const chunks = Object.values(bundle).filter((file) => file.type === 'chunk');
    const files_of = (module: string): string[] => {
      // An entry that is a page has the page as its facade, so the module is looked for inside.
      const chunk = chunks.find((one) => one.facadeModuleId?.endsWith(`/${module}`)) ?? chunks.find((one) => one.moduleIds.some((id) => id.endsWith(`/${module}`)));
      if (!chunk) throw new Error(`${module} is in no script of the page`);
      const files = new Set<string>();
      const take = (name: string) => {
        const found = chunks.find((one) => one.fileName === name);
        if (!found || files.has(name)) return;
        files.add(name);
        found.imports.forEach(take);
      };
      take(chunk.fileName);
      return [...files];
    };
    const everywhere = new Set(SCREENS['*']!.flatMap(files_of));
    const by_screen = Object.entries(SCREENS).map(([screen, modules]) => [screen, [...new Set(modules.flatMap(files_of))].filter((file) => screen === '*' || !everywhere.has(file))]);
    this.emitFile({ type: 'asset', fileName: 'scripts.json', source: JSON.stringify(Object.fromEntries(by_screen)) });
  },
};

export default defineConfig({
  plugins: [react(), scripts_of_screens],
  server: { host: '127.0.0.1', proxy: { '/v1': server, '/health': server } },
  build: {
    target: 'es2022',
    // The content security policy is `default-src 'self'`: a data: URL would be refused, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
    rollupOptions: {
      output: {
        entryFileNames: 'assets/[name]-[hash].js',
        chunkFileNames: 'assets/[name]-[hash].js',
        assetFileNames: 'assets/[name]-[hash][extname]',
      },
    },
  },
});
