// All targets of the local set, built in parallel. A new image is one stage in the Dockerfile and one block here.
variable "HOMEPORT_RECIPE" { default = "none" }
variable "HOMEPORT_CA" { default = "" }
variable "APT_EPOCH" { default = "0" }
variable "http_proxy" { default = "" }
variable "https_proxy" { default = "" }
variable "no_proxy" { default = "" }

group "default" { targets = ["nginx", "postgres", "rabbitmq", "python", "node"] }
group "extra" { targets = ["python-full", "node-24", "node-full"] }

target "_common" {
  context = "."
  secret  = HOMEPORT_CA == "" ? [] : ["id=ca,src=${HOMEPORT_CA}"]
  labels  = { "homeport.recipe" = HOMEPORT_RECIPE }
  args = {
    APT_EPOCH           = APT_EPOCH
    http_proxy          = http_proxy == "" ? null : http_proxy // of the machine that builds; BuildKit keeps them out of
    https_proxy         = https_proxy == "" ? null : https_proxy // the image and of the cache key
    no_proxy            = no_proxy == "" ? null : no_proxy
  }
}

target "nginx" {
  inherits = ["_common"]
  target   = "nginx"
  tags     = ["homeport/nginx:1.26"]
}
target "postgres" {
  inherits = ["_common"]
  target   = "postgres"
  tags     = ["homeport/postgres:17"]
}
target "rabbitmq" {
  inherits = ["_common"]
  target   = "rabbitmq"
  tags     = ["homeport/rabbitmq:4"]
}
target "python" {
  inherits = ["_common"]
  target   = "python"
  tags     = ["homeport/python:3.13-slim"]
}
target "node" {
  inherits = ["_common"]
  target   = "node"
  tags     = ["homeport/node:22-slim"]
}
target "python-full" {
  inherits = ["_common"]
  target   = "python-full"
  tags     = ["homeport/python:3.13"]
}
target "node-24" {
  inherits = ["_common"]
  target   = "node"
  args     = { NODE_VERSION = "24.19.0" }
  tags     = ["homeport/node:24-slim"]
}
target "node-full" {
  inherits = ["_common"]
  target   = "node-full"
  tags     = ["homeport/node:22"]
}
