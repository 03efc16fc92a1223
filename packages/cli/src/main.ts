#!/usr/bin/env node
// The command line: runs the program with the arguments of this process and ends with its exit code.

// Schemas are compiled when they are used first, which saves a sale a twelfth of its time. Before any schema is made.
import "effect/schema/SchemaJITCompiler/enable"

import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Cause, Effect, Exit } from "effect"
import { codeOf } from "./ExitCode.ts"
import { runOnhand } from "./Program.ts"

// A command for which being stopped is a good end, such as serving, has set the exit code by then.
const codeWhenDone = (exit: Exit.Exit<unknown, unknown>): number =>
  Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause) && process.exitCode !== undefined
    ? Number(process.exitCode)
    : codeOf(exit)

NodeRuntime.runMain(runOnhand(process.argv.slice(2)).pipe(Effect.provide(NodeServices.layer)), {
  disableErrorReporting: true,
  teardown: (exit, onExit) => onExit(codeWhenDone(exit))
})
