// What the tests in a real browser share: the pages as they are built, a server on a free port for the one that needs no
// server of its own, and a Chromium that opens them.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
import { build } from "vite";
import { test } from "vitest";

const missing = process.env["QUORATE_CHROMIUM_MISSING"];

/** A test that needs a browser: skipped where there is none, with the reason in its title. */
export function browserTest(title: string, expectations: () => Promise<void>): void {
  const reason = missing === undefined ? "" : ` (skipped: ${missing})`;
  test.skipIf(missing !== undefined)(`${title}${reason}`, () => expectations());
}

const root = join(import.meta.dirname, "..");

/** The page's files, built into a folder of their own. `pages` are HTML files of this package. */
export async function buildPages(
  pages: readonly string[] = ["index.html"],
): Promise<{ folder: string } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), "quorate-playground-"));
  const input = pages.map((page) => join(root, page));
  await build({ root, logLevel: "warn", build: { outDir: folder, emptyOutDir: true, rolldownOptions: { input } } });
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

/** A browser. */
export class Chromium implements AsyncDisposable {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async launch(): Promise<Chromium> {
    // The environment that the set-up wrote: a flat object of strings.
    const env = JSON.parse(process.env["QUORATE_CHROMIUM_ENV"] ?? "{}") as Record<string, string>;
    const executablePath = process.env["QUORATE_CHROMIUM"] ?? "chromium";
    return new Chromium(await chromium.launch({ executablePath, env: { ...process.env, ...env } }));
  }

  /** A new page at an address. What the page complains about ends up in `complaints`. */
  async open(address: string, options: PageOptions = {}): Promise<{ page: Page; complaints: string[] }> {
    const page = await this.#browser.newPage(options);
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    await page.goto(address);
    return { page, complaints };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#browser.close();
  }
}

/** Size, colours and the like of a page. */
export type PageOptions = NonNullable<Parameters<Browser["newPage"]>[0]>;

/** What breaks the rules for accessible pages. */
export async function violationsIn(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    // What the line above has put into the page.
    const { axe: inPage } = globalThis as unknown as { readonly axe: typeof axe };
    const found = await inPage.run();
    return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  });
}

/** A browser and a server with pages that talk to nobody. */
export class Stage implements AsyncDisposable {
  readonly #browser: Chromium;
  readonly #release: AsyncDisposableStack;
  readonly address: string;

  private constructor(browser: Chromium, address: string, release: AsyncDisposableStack) {
    this.#browser = browser;
    this.#release = release;
    this.address = address;
  }

  static async open(pages?: readonly string[]): Promise<Stage> {
    await using stack = new AsyncDisposableStack();
    const { folder } = stack.use(await buildPages(pages));
    const address = await serve(folder, stack);
    const browser = stack.use(await Chromium.launch());
    return new Stage(browser, address, stack.move());
  }

  /** A new page at a path of the server, such as `#v1.…`. */
  page(path = "", options: PageOptions = {}): Promise<{ page: Page; complaints: string[] }> {
    return this.#browser.open(`${this.address}${path}`, options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#release.disposeAsync();
  }
}

const types: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };

/** Serves a folder as any web server would. */
async function serve(folder: string, stack: AsyncDisposableStack): Promise<string> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const path = normalize(pathname === "/" ? "/index.html" : pathname);
    readFile(join(folder, path)).then(
      (content) => response.writeHead(200, { "content-type": types[extname(path)] ?? "text/plain" }).end(content),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", () => resolve()));
  stack.defer(() => void server.close());
  // A server that listens on a port has this kind of address.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
