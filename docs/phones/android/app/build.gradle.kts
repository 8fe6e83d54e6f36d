plugins {
    id("com.android.application")
    id("org.jetbrains.kotlin.android")
}

android {
    namespace = "org.tfi2i.phone"
    compileSdk = 35

    defaultConfig {
        applicationId = "org.tfi2i.phone"
        minSdk = 26
        targetSdk = 35
        versionCode = 1
        versionName = "1.0"
    }

    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_17
        targetCompatibility = JavaVersion.VERSION_17
    }
    kotlinOptions { jvmTarget = "17" }

    // LiteRT maps the file into memory, which a compressed asset does not allow.
    androidResources { noCompress += "tflite" }
}

dependencies {
    implementation("com.google.ai.edge.litert:litert:2.3.0")
    // Without it Accelerator.GPU computes on the main processor, and says nothing.
    implementation("com.google.ai.edge.litert:litert-gpu:2.3.0")
    implementation("androidx.activity:activity-ktx:1.9.3")
}
