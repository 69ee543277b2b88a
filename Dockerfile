# One image for every process: the command says which one it is.
FROM rust:1.95-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends nodejs npm && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY . .
# An image without its page is a failed build.
ENV SOUK_GRAPHIQL=required
RUN cargo build --release --locked --package souk

FROM debian:bookworm-slim
# What the router and HTTPS clients check servers with.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
RUN useradd --system --create-home --home-dir /var/lib/souk souk
COPY --from=build /build/target/release/souk /usr/local/bin/souk
COPY schema/supergraph.graphql deploy/router.yaml /etc/souk/
RUN install -d -o souk -g souk /var/lib/souk/data
USER souk
WORKDIR /var/lib/souk
EXPOSE 4000
ENTRYPOINT ["souk"]
CMD ["--help"]
