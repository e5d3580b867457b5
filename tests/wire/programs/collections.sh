#!/usr/bin/env bash
# Who is on a photo? An AWS CLI script: makes a collection of known people, asks who a visitor is,
# and takes it away again.
#   collections.sh COLLECTION FOLDER VISITOR.jpg     FOLDER holds name_*.jpg
set -euo pipefail
collection=$1 folder=$2 visitor=$3

cleanup() { aws rekognition delete-collection --collection-id "$collection" >/dev/null; }

aws rekognition create-collection --collection-id "$collection" \
  --query CollectionArn --output text
trap cleanup EXIT

for photo in "$folder"/*.jpg; do
  name=$(basename "$photo" .jpg)
  face=$(aws rekognition index-faces --collection-id "$collection" \
    --image-bytes "fileb://$photo" --external-image-id "${name%%_*}" --max-faces 1 \
    --quality-filter AUTO --detection-attributes DEFAULT \
    --query 'FaceRecords[0].Face.FaceId' --output text)
  echo "indexed ${name%%_*} $face"
done

echo "faces: $(aws rekognition describe-collection --collection-id "$collection" \
  --query FaceCount --output text)"
# The CLI asks for page after page by itself.
aws rekognition list-faces --collection-id "$collection" --page-size 2 \
  --query 'Faces[].ExternalImageId' --output text | tr '\t' '\n' | sort | uniq -c

match=$(aws rekognition search-faces-by-image --collection-id "$collection" \
  --image-bytes "fileb://$visitor" --face-match-threshold 90 --max-faces 1 \
  --query 'FaceMatches[0].[Face.ExternalImageId,Similarity]' --output text)
if [ "$match" = None ]; then echo "visitor: nobody we know"; else echo "visitor: $match"; fi

{ aws rekognition describe-collection --collection-id no-such-collection 2>&1 || true; } |
  grep -o '(ResourceNotFoundException)'
