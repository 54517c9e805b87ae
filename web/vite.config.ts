import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// `vite dev` passes API calls on to a running server (or the fake one) so that the page is always same-origin.
const server = process.env.BRIDGE_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react()],
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
