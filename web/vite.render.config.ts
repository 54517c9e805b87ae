import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

// Inside a script element, nothing of the script may look like the end of that element or the start of a comment.
const safe_in_html: Plugin = {
  name: 'safe-in-html',
  enforce: 'post',
  generateBundle(_, bundle) {
    for (const file of Object.values(bundle)) {
      if (file.type === 'chunk') file.code = file.code.replaceAll('</script', '<\\/script').replaceAll('<!--', '\\x3C!--');
    }
  },
};

// dist/render/: one script and one style sheet, which `bridge render` puts into a page that needs nothing else.
export default defineConfig({
  plugins: [react(), safe_in_html],
  publicDir: false,
  define: { 'process.env.NODE_ENV': '"production"' },
  build: {
    target: 'es2022',
    outDir: 'dist/render',
    emptyOutDir: true,
    cssCodeSplit: false,
    chunkSizeWarningLimit: 2000,
    modulePreload: false,
    rollupOptions: {
      input: 'src/render/render.tsx',
      // What is loaded later in the page is part of the one script here, so nobody asks where it lies.
      onwarn: (warning, warn) => void (warning.code === 'EMPTY_IMPORT_META' || warn(warning)),
      output: { format: 'iife', entryFileNames: 'render.js', assetFileNames: 'render[extname]' },
    },
  },
});
