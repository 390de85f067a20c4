import { existsSync } from "node:fs";
export function locateImage(spec: string): string { if (existsSync(spec)) return spec; throw new Error("x"); }
