# The image of the program, for those who have a container engine: docker build -t counter .
# Without one, `go run ./tools/image` makes the same. docs/deploying.md says how to run it.

FROM --platform=$BUILDPLATFORM golang:1.26-bookworm AS build
ARG TARGETOS TARGETARCH
ARG REVISION=unknown
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -buildvcs=false \
	-ldflags="-s -w -X 'example.com/herokuapp/app/internal/config.linkedRevision=$REVISION'" -o /app ./app
RUN mkdir -m 700 /data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build --chown=65532:65532 /data /data
COPY --from=build /app /app
WORKDIR /data
USER 65532:65532
EXPOSE 8000/tcp
VOLUME /data
ENTRYPOINT ["/app"]
