/**
 * Page-granular units. The optional tag lets arithmetic stay plain numbers while a pfn handed
 * where a virtual page is wanted still fails to compile.
 */

/** A physical page number, relative to the start of the world's region. */
export type Pfn = number & { readonly unit?: "pfn" };

/** A virtual page number inside a process' window, from 0 to the world's `vpages`. */
export type VirtualPage = number & { readonly unit?: "vpage" };

/** A length in pages. */
export type PageCount = number & { readonly unit?: "pages" };
