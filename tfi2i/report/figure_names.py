"""The names of figures of translations in narrow tables."""

FIGURE_NAMES = {
    "l1": "L1",
    "psnr": "PSNR",
    "ssim": "SSIM",
    "fid": "FID",
    "kid": "KID",
    "colour": "colours",
    "objective": "objective",
    "content_loss": "content loss",
    "style_loss": "style loss",
}
