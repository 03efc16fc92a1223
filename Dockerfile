# syntax=docker/dockerfile:1
# The server as an image: built from the lockfile, run by a user without rights on a root that nobody writes to.
# Not with `npm ci`: it refuses a lockfile that was made on one platform and so lacks optional packages of others.
# `npm install --no-save` installs the same locked versions, holds them against the same hashes, and changes no lockfile.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY . .
RUN npm run build && rm -rf node_modules packages/*/src packages/*/test packages/*/bench

FROM node:24.21.0-bookworm-slim AS install
WORKDIR /app
COPY --from=build /app/package.json /app/package-lock.json ./
COPY --from=build /app/packages ./packages
RUN npm install --no-save --omit=dev --ignore-scripts --workspace=onhand

FROM node:24.21.0-bookworm-slim
LABEL org.opencontainers.image.title="Onhand" \
  org.opencontainers.image.description="Inventory that never oversells" \
  org.opencontainers.image.licenses="MIT"
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 ONHAND_DATA=/data ONHAND_SAMPLE_SHOP=false
WORKDIR /app
COPY --from=install /app ./
RUN groupadd --gid 10001 onhand && useradd --uid 10001 --gid 10001 --no-create-home onhand \
  && mkdir /data && chown 10001:10001 /data
USER 10001:10001
VOLUME /data
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/ready`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/packages/cli/dist/main.js"]
CMD ["serve"]
