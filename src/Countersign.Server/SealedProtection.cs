using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Countersign.Domain;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Countersign.Server;

/// <summary>
/// Data Protection of ASP.NET Core under <c>Countersign:Keys</c>, which every node has and every restart finds again, in place of keys in files of one
/// machine: the first key seals, all of them open. What it seals are the cookies of the console and the values in its forms.
/// </summary>
sealed class SealedProtection(TokenCodes codes) : IDataProtectionProvider
{
    /// <summary>The framework's service that makes its keys at start, in a file.</summary>
    const string KeyRingService = "Microsoft.AspNetCore.DataProtection.Internal.DataProtectionHostedService";

    public static void Use(IServiceCollection services)
    {
        services.Replace(ServiceDescriptor.Singleton<IDataProtectionProvider, SealedProtection>());
        foreach (var service in services.Where(service => !service.IsKeyedService && service.ImplementationType?.FullName == KeyRingService).ToList())
            services.Remove(service);
    }

    public IDataProtector CreateProtector(string purpose) => new Protector(codes, "countersign/protection/v1").CreateProtector(purpose);

    /// <param name="label">The chain of purposes, each with its length, so that none can flow into the next. It opens under the same chain only.</param>
    sealed class Protector(TokenCodes codes, string label) : IDataProtector
    {
        public IDataProtector CreateProtector(string purpose) =>
            new Protector(codes, string.Create(CultureInfo.InvariantCulture, $"{label}/{Encoding.UTF8.GetByteCount(purpose)}:{purpose}"));

        public byte[] Protect(byte[] plaintext) => codes.Seal(label, plaintext);

        /// <exception cref="CryptographicException">It was altered, or sealed for something else, or under a key that is not configured any more.</exception>
        public byte[] Unprotect(byte[] protectedData)
        {
            try
            {
                return codes.Open(label, protectedData);
            }
            catch (TokenKeyMissingException e)
            {
                throw new CryptographicException(e.Message, e);
            }
        }
    }
}
