#!/bin/sh
echo "Hello from a pull request."
