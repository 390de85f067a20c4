import { config } from "zod";

/**
 * Schemas would try whether they may make code, which the page's policy forbids and the console tells.
 * They are made when they are loaded, so this has to be the first module of the page.
 */
export const { jitless } = config({ jitless: true });
