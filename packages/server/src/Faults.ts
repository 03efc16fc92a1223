/**
 * Faults: what is wrong with a request, each with the place where it is.
 */
import { type Fault, InvalidRequest } from "@onhand/api"
import { SchemaIssue } from "effect"

const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1()

/** The most faults that are told at once. */
const MAX_FAULTS = 50

/** What a schema found, under the part of the request that it looked at. */
export const faultsOf = (part: string, issue: SchemaIssue.Issue): ReadonlyArray<Fault> =>
  formatIssue(issue)
    .issues.slice(0, MAX_FAULTS)
    .map(({ path = [], message }) => ({
      path: [part, ...path.map((key) => String(typeof key === "object" ? key.key : key))].filter(Boolean).join("."),
      message
    }))

/** A request with one fault. */
export const faulty = (path: string, message: string): InvalidRequest =>
  new InvalidRequest({ faults: [{ path, message }] })
