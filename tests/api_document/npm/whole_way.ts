// What a program in TypeScript writes: tsc compiles it against the types that are made of the document.
import createClient from "openapi-fetch";
import type { components, paths } from "./api";

const client = createClient<paths>({ baseUrl: "https://courses.example.org", headers: { "X-API-Key": "cw_live_example" } });

export async function makeCourse(title: string): Promise<components["schemas"]["Node"]> {
  const { data, error } = await client.POST("/api/v1/nodes", {
    body: { title },
    headers: { "Idempotency-Key": "6f1c2c0e-8a52-4d0e-9d57-3b1f0a3f7c11" },
  });
  if (error) {
    // The codes of this operation are known: a misspelt one does not compile.
    if (error.code === "tree_refused" || error.code === "rate_limited") console.log(error.next_step);
    throw new Error(error.detail);
  }
  return data;
}

export async function generate(node: string): Promise<string | undefined> {
  const { data } = await client.POST("/api/v1/nodes/{id}/generate", { params: { path: { id: node } }, body: { engine: "outline" } });
  return data && "kind" in data ? data.id : undefined;
}
