// The build, and a dev and preview server that hand /api on. The preview server sends the production
// content security policy, so that what breaks under it breaks here first.
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const api = { "/api": { target: process.env.API_TARGET ?? "http://127.0.0.1:8787", changeOrigin: true, secure: false } };
const policy = [
  "default-src 'self'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'",
  "frame-ancestors 'none'", "base-uri 'self'", "form-action 'self'", "object-src 'none'",
].join("; ");

export default defineConfig({
  plugins: [react()],
  build: { assetsInlineLimit: 0, target: "es2022", reportCompressedSize: true },
  server: { host: "127.0.0.1", port: 5173, proxy: api },
  preview: { host: "127.0.0.1", port: 4173, proxy: api, headers: { "Content-Security-Policy": policy } },
});
