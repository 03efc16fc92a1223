// A thread that plans: it gets tasks and answers with their plans, in the same order.
import { parentPort } from "node:worker_threads"
import { type PlanTask, planStock } from "@onhand/core"

parentPort?.on("message", (tasks: ReadonlyArray<PlanTask>) => parentPort?.postMessage(tasks.map(planStock)))
